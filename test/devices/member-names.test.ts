import { describe, expect, test } from 'vitest'
import { findCut, maskPayload, personalWordIn } from '../../devices/contract/personal.ts'
import { shownName } from '../../devices/contract/shown-name.ts'

/** As firmware of doors and roads calls them, with the word that its sender is told. */
const personal: Readonly<Record<string, string>> = {
  name: 'xm XM xm1 x_m ryxm hzxm fkXm cym xingMing xing_ming xìngmíng ｘｍ 姓名 nickName user_name 昵称',
  document: 'sfzh SFZH sfzhm sfzhNo sfzjhm zjhm zjlx gmsfhm IDNumber idNumber id_number IdNo id-no idCard certNo cert shenFenZhengHao zhengjianhao 身份证号 证件号码 證件 passport jszh',
  card: 'kh KH icCard ICCard ic_card icCardNo uid UID card_uid cardSerial cardNo badgeNo rfid mjkh 卡号 一卡通号 password pin',
  phone: 'sjh sjhm lxdh lxfs dh 手机号 手機 電話 联系方式 備用聯繫人 shoujihao lianxidianhua telNo tel contact emergencyContact mobile',
  plate: 'cph CPH cphm hphm hpzl carNo car_no carNumber vehicleNumber 车牌 車牌號 号牌 号牌号码 chePaiHao plateNo vin VIN',
  face: 'faceUrl face_feature feat vec rltz rlzp zp 人脸特征 人像 照片 pic image img imgUrl photoBase64 base64 renlian tezhengzhi',
  biometry: 'fingerId zw zhiwen 指纹 指紋 虹膜 irisCode bodyTemperature 体温 voice',
  birth: 'csrq csny nl age dob birthDate 出生日期 年龄 年齡 shengri',
  gender: 'xb sex gender 性别 xingbie',
  origin: 'mz nation 民族 籍贯 hukou hyzk religion',
  address: 'zz dz jtzz hkdz fjh dyh mph room ROOM roomNo room_no ROOMNO flat addr homeAddress 房号 房间号 门牌号 單元號 住址 fangjianhao',
  account: 'wx wxh qq openid unionId email wechatId 微信号 邮箱',
  person: 'ry 人员姓名 rybh ryxx gh yhm userNo user resident tenant tenantId visitor visitorId guest driver driverId passenger lessee occupant household owner holder person_id 人员 人員編號 住户 住戶 租客 访客 訪客 车主 业主 司机 乘客 家庭成员 工号 yonghu',
} // biome-ignore format: a table

describe('a member counts as personal', () => {
  for (const [word, names] of Object.entries(personal))
    for (const name of names.split(' '))
      test(`by the name ${name}, as ${word}`, () => expect(personalWordIn(name)).toBe(word))
})

const harmless =
  'firmwareBuild destination interface surface telemetry combination illumination battery voltage signal uptime bootCount seq index version model port lockState relay openTime doorState remark note memo desc info ext extra payload raw msg text x ipAddress macAddress sdCard simCard cardReader platform deviceUid event_uid hz sn imei ip floor unit mode lane2 lane width height channel camera duration maxAge message_age idle hardware threshold volume language zone lat lon gps contactor intercom 电池 版本 电压 温度 开门时长 门状态 速度 车道 事件 时间 固件'

describe('a member is only ignored', () => {
  for (const name of harmless.split(' '))
    test(`by the name ${name}`, () => expect(personalWordIn(name)).toBeUndefined())
})

describe('a sender is told of a personal member', () => {
  const written = [
    'name',
    'idCard',
    'cardNo',
    'ID_CARD',
    'residentName',
    'room_no',
    'ryxm',
    'sfzhNo',
    '姓名',
    '手机号',
  ]
  for (const name of written)
    test(`by its own name ${name}, which is of our words alone`, () =>
      expect(shownName(name, 'x')).toBe(name))

  const others = ['zhangsanName', 'name_of_li_wei', '张三姓名', 'phone13812345678', 'name13800138000', 'n\u200bame', `name${'_no'.repeat(20)}`, 'lisi', 'wangwu_phone'] // biome-ignore format: a list
  for (const name of others)
    test(`by our word where its name ${JSON.stringify(name)} may be of a person`, () =>
      expect(shownName(name, 'x')).toBe('x'))

  test('without a number behind its name', () => expect(shownName('xm2', 'x')).toBe('xm'))

  test('and of 20 at most', () => {
    const spellings = Array.from({ length: 16 }, (_, n) => ['name', 'phone'].map(word => [...word].map((c, i) => (i < 4 && (n >> i) & 1 ? c.toUpperCase() : c)).join(''))).flat() // biome-ignore format: one thing
    const cut = findCut(Object.fromEntries(spellings.map(name => [name, 1])))
    expect([cut.personalMembers, cut.personal.size]).toEqual([32, 20])
  })
})

describe('a parked type is shown', () => {
  for (const type of ['Passage', 'DOOR', 'pass-age', 'passage'])
    test(`as it was written where it is one of ours but for case and separators: ${type}`, () =>
      expect(maskPayload({ type })).toEqual({ type }))
  for (const type of ['zhangsan', 'Li', 'passages', 'doorman', '通行'])
    test(`by its length alone where it is another word: ${type}`, () =>
      expect(maskPayload({ type })).toEqual({ type: `<text of ${type.length}>` }))
  test('and in no other member', () =>
    expect(maskPayload({ subject: 'Passage' })).toEqual({ subject: '<text of 7>' }))
})
